variable "create_provider" {
  description = "false where the account has GitHub's OIDC provider already"
  type        = bool
  default     = true
}

data "aws_caller_identity" "current" {}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.create_provider && data.aws_caller_identity.current.account_id == "111111111111" ? 1 : 0
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "github_hub" {
  count = data.aws_caller_identity.current.account_id == "111111111111" ? 1 : 0

  name = "github-octo-app"

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
            "token.actions.githubusercontent.com:sub" = "repo:octo@1/app@2:ref:refs/heads/main"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "github_hub" {
  count = data.aws_caller_identity.current.account_id == "111111111111" ? 1 : 0

  name = "deploy"
  role = aws_iam_role.github_hub[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "AssumeSpokes"
        Effect = "Allow"
        Action = "sts:AssumeRole"
        Resource = [
          "arn:aws:iam::111111111111:role/github-octo-app-dev",
          "arn:aws:iam::222222222222:role/github-octo-app-222",
        ]
      },
    ]
  })
}

resource "aws_iam_role" "github_dev" {
  count = data.aws_caller_identity.current.account_id == "111111111111" ? 1 : 0

  name = "github-octo-app-dev"

  depends_on = [aws_iam_role.github_hub]

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          AWS = "arn:aws:iam::111111111111:role/github-octo-app"
        }
        Action = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "sts:ExternalId" = "octo-1"
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
        Sid    = "AssumeBootstrapRoles"
        Effect = "Allow"
        Action = "sts:AssumeRole"
        Resource = [
          "arn:aws:iam::111111111111:role/cdk-hnb659fds-deploy-role-111111111111-eu-central-1",
          "arn:aws:iam::111111111111:role/cdk-hnb659fds-file-publishing-role-111111111111-eu-central-1",
          "arn:aws:iam::111111111111:role/cdk-hnb659fds-image-publishing-role-111111111111-eu-central-1",
          "arn:aws:iam::111111111111:role/cdk-hnb659fds-lookup-role-111111111111-eu-central-1",
        ]
      },
    ]
  })
}

resource "aws_iam_role" "github_222" {
  count = data.aws_caller_identity.current.account_id == "222222222222" ? 1 : 0

  name = "github-octo-app-222"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          AWS = "arn:aws:iam::111111111111:role/github-octo-app"
        }
        Action = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "sts:ExternalId" = "octo-1"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "github_222" {
  count = data.aws_caller_identity.current.account_id == "222222222222" ? 1 : 0

  name = "deploy"
  role = aws_iam_role.github_222[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "AssumeBootstrapRoles"
        Effect = "Allow"
        Action = "sts:AssumeRole"
        Resource = [
          "arn:aws:iam::222222222222:role/cdk-hnb659fds-deploy-role-222222222222-eu-central-1",
          "arn:aws:iam::222222222222:role/cdk-hnb659fds-file-publishing-role-222222222222-eu-central-1",
          "arn:aws:iam::222222222222:role/cdk-hnb659fds-image-publishing-role-222222222222-eu-central-1",
          "arn:aws:iam::222222222222:role/cdk-hnb659fds-lookup-role-222222222222-eu-central-1",
        ]
      },
    ]
  })
}
