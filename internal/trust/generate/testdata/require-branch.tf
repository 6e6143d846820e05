variable "create_provider" {
  description = "false where the account has GitHub's OIDC provider already"
  type        = bool
  default     = true
}

data "aws_partition" "current" {}

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
          Federated = "arn:${data.aws_partition.current.partition}:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
            "token.actions.githubusercontent.com:sub" = [
              "repo:octo/app:environment:prod",
              "repo:octo@1/app@2:environment:prod",
            ]
            "token.actions.githubusercontent.com:repository_owner_id" = "1"
            "token.actions.githubusercontent.com:repository_id"       = "2"
          }
          StringLike = {
            "token.actions.githubusercontent.com:ref" = [
              "refs/heads/main",
              "refs/heads/release/*",
            ]
          }
        }
      },
    ]
  })
}
