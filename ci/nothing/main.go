// Command nothing does nothing: an image that holds it alone is the least that
// docker run can start.
package main

func main() {}
