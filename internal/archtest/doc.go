// Package archtest holds no code: its tests keep the direction in which packages of this module may
// import each other, as drawn in docs/map.md, that files and functions stay short,
// that families of models are named where they belong, and that the gate's scripts see what they promise to see.
package archtest
