variable "create_provider" {
  description = "false where the account has GitHub's OIDC provider already"
  type        = bool
  default     = true
}

data "aws_caller_identity" "current" {}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.create_provider && contains(["111111111111", "222222222222"], data.aws_caller_identity.current.account_id) ? 1 : 0
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "github_dev" {
  count = data.aws_caller_identity.current.account_id == "111111111111" ? 1 : 0

  name                 = "github-octo-app-dev"
  permissions_boundary = "arn:aws:iam::111111111111:policy/boundary"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
            "token.actions.githubusercontent.com:sub" = "repo:octo@1/app@2:environment:dev"
            "token.actions.githubusercontent.com:ref" = "refs/heads/main"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "github_dev" {
  count = data.aws_caller_identity.current.account_id == "111111111111" ? 1 : 0

  name = "deploy"
  role = aws_iam_role.github_dev[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ListBucket"
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = "arn:aws:s3:::site-dev"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion" = "eu-central-1"
          }
        }
      },
      {
        Sid    = "DeployObjects"
        Effect = "Allow"
        Action = [
          "s3:AbortMultipartUpload",
          "s3:DeleteObject",
          "s3:GetObject",
          "s3:PutObject",
        ]
        Resource = "arn:aws:s3:::site-dev/*"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion" = "eu-central-1"
          }
        }
      },
      {
        Sid    = "UseKey"
        Effect = "Allow"
        Action = [
          "kms:Decrypt",
          "kms:GenerateDataKey",
        ]
        Resource = "arn:aws:kms:eu-central-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion" = "eu-central-1"
          }
          StringLike = {
            "kms:ViaService" = "s3.eu-central-1.*"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role" "github_prodeu" {
  count = data.aws_caller_identity.current.account_id == "222222222222" ? 1 : 0

  name                 = "github-octo-app-prod-eu"
  permissions_boundary = "arn:aws:iam::222222222222:policy/boundary"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::222222222222:oidc-provider/token.actions.githubusercontent.com"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
            "token.actions.githubusercontent.com:sub" = "repo:octo@1/app@2:environment:prod-eu"
            "token.actions.githubusercontent.com:ref" = "refs/heads/main"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "github_prodeu" {
  count = data.aws_caller_identity.current.account_id == "222222222222" ? 1 : 0

  name = "deploy"
  role = aws_iam_role.github_prodeu[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ListBucket"
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = "arn:aws:s3:::site-prod-eu"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion" = "eu-central-1"
          }
        }
      },
      {
        Sid    = "DeployObjects"
        Effect = "Allow"
        Action = [
          "s3:AbortMultipartUpload",
          "s3:DeleteObject",
          "s3:GetObject",
          "s3:PutObject",
        ]
        Resource = "arn:aws:s3:::site-prod-eu/*"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion" = "eu-central-1"
          }
        }
      },
      {
        Sid    = "UseKey"
        Effect = "Allow"
        Action = [
          "kms:Decrypt",
          "kms:GenerateDataKey",
        ]
        Resource = "arn:aws:kms:eu-central-1:222222222222:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        Condition = {
          StringEquals = {
            "aws:RequestedRegion" = "eu-central-1"
          }
          StringLike = {
            "kms:ViaService" = "s3.eu-central-1.*"
          }
        }
      },
    ]
  })
}
