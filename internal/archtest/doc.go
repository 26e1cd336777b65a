// Package archtest holds no code: its test keeps the direction in which packages of this module may
// import each other, as drawn in docs/map.md.
package archtest
