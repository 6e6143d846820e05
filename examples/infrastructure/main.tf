provider "aws" {
  alias   = "network"
  profile = "network"
}

provider "aws" {
  alias   = "workload"
  profile = "workload"
}
