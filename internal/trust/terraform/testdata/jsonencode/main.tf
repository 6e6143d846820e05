terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "repository" {
  type = string
}

variable "environment" {
  type    = string
  default = "prod"
}

locals {
  issuer = "token.actions.githubusercontent.com"
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

# Any branch of a repository that the deployment names.
resource "aws_iam_role" "open" {
  name = "open-${var.environment}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "sts:AssumeRoleWithWebIdentity"
        Principal = { Federated = aws_iam_openid_connect_provider.github.arn }
        Condition = {
          StringEquals = { "${local.issuer}:aud" = "sts.amazonaws.com" }
          StringLike   = { "${local.issuer}:sub" = "repo:acme/${var.repository}:*" }
        }
      },
    ]
  })
}

# One environment of one repository.
resource "aws_iam_role" "tight" {
  name                 = "tight"
  max_session_duration = 7200

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:oidc-provider/${local.issuer}" }
      Condition = {
        StringEquals = {
          "${replace(aws_iam_openid_connect_provider.github.url, "https://", "")}:aud" = "sts.amazonaws.com"
          "${aws_iam_openid_connect_provider.github.url}:sub"                        = "repo:acme/shop:environment:${var.environment}"
        }
      }
    }]
  })
}

# A heredoc with templates.
resource "aws_iam_role" "heredoc" {
  name               = "heredoc"
  assume_role_policy = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [{
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "${aws_iam_openid_connect_provider.github.arn}"},
        "Condition": {
          "StringEquals": {"${local.issuer}:aud": "sts.amazonaws.com"},
          "StringLike": {"${local.issuer}:sub": "repo:acme/*"}
        }
      }]
    }
  EOT
}

# Not for GitHub at all.
resource "aws_iam_role" "lambda" {
  assume_role_policy = file("${path.module}/lambda.json")
}
