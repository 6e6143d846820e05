variable "create_provider" {
  description = "false where the account has GitHub's OIDC provider already"
  type        = bool
  default     = true
}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.create_provider ? 1 : 0
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "github" {
  name = "github-octo-app-prod"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
            "token.actions.githubusercontent.com:sub" = "repo:octo@1/app@2:environment:prod"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "github" {
  name = "deploy"
  role = aws_iam_role.github.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ListBucket1"
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = "arn:aws:s3:::my-bucket"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion" = "eu-west-1"
          }
        }
      },
      {
        Sid    = "DeployObjects1"
        Effect = "Allow"
        Action = [
          "s3:AbortMultipartUpload",
          "s3:DeleteObject",
          "s3:GetObject",
          "s3:PutObject",
        ]
        Resource = "arn:aws:s3:::my-bucket/*"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion" = "eu-west-1"
          }
        }
      },
      {
        Sid      = "Login2"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion" = "eu-west-1"
          }
        }
      },
      {
        Sid    = "PushImage2"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability",
          "ecr:BatchGetImage",
          "ecr:CompleteLayerUpload",
          "ecr:InitiateLayerUpload",
          "ecr:PutImage",
          "ecr:UploadLayerPart",
        ]
        Resource = "arn:aws:ecr:eu-west-1:111122223333:repository/team/app"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion"  = "eu-west-1"
            "aws:ResourceTag/team" = "a b"
          }
        }
      },
      {
        Sid    = "DeployFunction3"
        Effect = "Allow"
        Action = [
          "lambda:GetAlias",
          "lambda:GetFunction",
          "lambda:GetFunctionConfiguration",
          "lambda:PublishVersion",
          "lambda:UpdateAlias",
          "lambda:UpdateFunctionCode",
          "lambda:UpdateFunctionConfiguration",
        ]
        Resource = [
          "arn:aws:lambda:eu-west-1:111122223333:function:orders",
          "arn:aws:lambda:eu-west-1:111122223333:function:orders:*",
        ]
        Condition = {
          StringEquals = {
            "aws:RequestedRegion"  = "eu-west-1"
            "aws:ResourceTag/team" = "a b"
          }
        }
      },
      {
        Sid      = "CreateChangeSet4"
        Effect   = "Allow"
        Action   = "cloudformation:CreateChangeSet"
        Resource = "arn:aws:cloudformation:eu-west-1:111122223333:stack/orders/*"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion" = "eu-west-1"
            "aws:RequestTag/team" = "a b"
          }
        }
      },
      {
        Sid      = "TagStack4"
        Effect   = "Allow"
        Action   = "cloudformation:TagResource"
        Resource = "arn:aws:cloudformation:eu-west-1:111122223333:stack/orders/*"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion" = "eu-west-1"
            "aws:RequestTag/team" = "a b"
          }
        }
      },
      {
        Sid    = "DeployStack4"
        Effect = "Allow"
        Action = [
          "cloudformation:DeleteChangeSet",
          "cloudformation:DescribeChangeSet",
          "cloudformation:DescribeStackEvents",
          "cloudformation:DescribeStacks",
          "cloudformation:ExecuteChangeSet",
        ]
        Resource = "arn:aws:cloudformation:eu-west-1:111122223333:stack/orders/*"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion" = "eu-west-1"
          }
        }
      },
    ]
  })
}
