// Package packaging holds what makes an image, a service and a release of LepusMQ,
// and tests the image's root without a container engine.
package packaging
