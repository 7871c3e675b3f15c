//go:build tools

// Package s3 names the program that is built here, so that the module files keep what it needs.
package s3

import _ "github.com/versity/versitygw/cmd/versitygw"
