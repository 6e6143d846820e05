variable "create_provider" {
  description = "false where the account has GitHub's OIDC provider already"
  type        = bool
  default     = true
}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.create_provider ? 1 : 0
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com.cn"]
}

resource "aws_iam_role" "github" {
  name = "github-octo-app-prod"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws-cn:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com.cn"
            "token.actions.githubusercontent.com:sub" = [
              "repo:octo/app:environment:prod",
              "repo:octo/site:environment:prod",
            ]
            "token.actions.githubusercontent.com:repository_owner_id" = "1"
            "token.actions.githubusercontent.com:repository_id" = [
              "2",
              "3",
            ]
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
        Sid      = "Login"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion" = "cn-north-1"
          }
        }
      },
      {
        Sid    = "PushImage"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability",
          "ecr:BatchGetImage",
          "ecr:CompleteLayerUpload",
          "ecr:InitiateLayerUpload",
          "ecr:PutImage",
          "ecr:UploadLayerPart",
        ]
        Resource = "arn:aws-cn:ecr:cn-north-1:111122223333:repository/web"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion" = "cn-north-1"
          }
        }
      },
    ]
  })
}
