variable "name" { type = string }
variable "create" {
  type    = bool
  default = true
}
variable "subjects" {
  type    = list(string)
  default = []
}
variable "github_org" { default = null }
variable "provider_url" {
  type    = string
  default = "token.actions.githubusercontent.com"
}
