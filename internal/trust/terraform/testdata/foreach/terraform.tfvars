repositories = {
  shop = { name = "acme/shop" }
  site = {
    name     = "acme/site"
    branches = ["main", "release/*"]
  }
}
