module "shop" {
  source     = "./modules/github-role"
  name       = "shop"
  subjects   = ["acme/shop:environment:prod"]
  github_org = "acme"
}

module "any" {
  source   = "./modules/github-role"
  for_each = toset(["a", "b"])
  name     = each.value
  subjects = ["acme/${each.key}*"]
}

module "public" {
  source   = "terraform-aws-modules/iam/aws//modules/iam-github-oidc-role"
  version  = "5.60.0"
  name     = "public"
  subjects = ["acme/infra:*"]
}

module "vpc" {
  source = "terraform-aws-modules/vpc/aws"
  cidr   = "10.0.0.0/16"
}

output "arn" {
  value = module.shop.arn
}
