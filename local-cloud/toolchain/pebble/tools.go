//go:build tools

// Package tools names what this module exists for: the ACME server of the local cloud.
package tools

import _ "github.com/letsencrypt/pebble/v2/cmd/pebble"
