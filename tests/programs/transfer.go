// Transfer writes one file into another: transfer copy|readfile FROM TO.
package main

import (
	"io"
	"log"
	"os"
)

func try(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	kind, from, to := os.Args[1], os.Args[2], os.Args[3]
	if kind == "readfile" {
		bytes, err := os.ReadFile(from)
		try(err)
		try(os.WriteFile(to, bytes, 0o600))
		return
	}
	in, err := os.Open(from)
	try(err)
	out, err := os.Create(to)
	try(err)
	_, err = io.Copy(out, in)
	try(err)
	try(out.Close())
}
