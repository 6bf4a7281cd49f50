// Writes every path read from standard input, relative to the working directory, into the zip archive named by the
// first argument, with Go's archive/zip: streaming, so with data descriptors.
package main

import (
	"archive/zip"
	"bufio"
	"io"
	"os"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	out, err := os.Create(os.Args[1])
	must(err)
	archive := zip.NewWriter(out)
	paths := bufio.NewScanner(os.Stdin)
	for paths.Scan() {
		info, err := os.Stat(paths.Text())
		must(err)
		header, err := zip.FileInfoHeader(info)
		must(err)
		header.Name = paths.Text()
		header.Method = zip.Deflate
		if info.IsDir() {
			header.Name += "/"
			header.Method = zip.Store
		}
		entry, err := archive.CreateHeader(header)
		must(err)
		if !info.IsDir() {
			file, err := os.Open(paths.Text())
			must(err)
			_, err = io.Copy(entry, file)
			must(err)
			must(file.Close())
		}
	}
	must(archive.Close())
	must(out.Close())
}
