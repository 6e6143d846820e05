variable "create_provider" {
  description = "false where the account has GitHub's OIDC provider already"
  type        = bool
  default     = true
}

data "aws_partition" "current" {}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.create_provider ? 1 : 0
  url            = "https://token.actions.githubusercontent.com/octo"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "github" {
  name = "github-octo-app"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:${data.aws_partition.current.partition}:iam::111122223333:oidc-provider/token.actions.githubusercontent.com/octo"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "token.actions.githubusercontent.com/octo:aud" = "sts.amazonaws.com"
            "token.actions.githubusercontent.com/octo:sub" = [
              "repo:octo@1/app@2:ref:refs/heads/main",
              "repo:octo@1/app@2:ref:refs/heads/release/$${$}{x}",
              "repo:octo@1/site@3:ref:refs/heads/main",
              "repo:octo@1/site@3:ref:refs/heads/release/$${$}{x}",
            ]
          }
        }
      },
    ]
  })
}
