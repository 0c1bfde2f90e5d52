//go:build !linux && !darwin

package vfs

import "errors"

func space(string) (Space, error) { return Space{}, errors.ErrUnsupported }
