;; Pillow's two passes over 8-bit RGB pixels, with its fixed-point weights: see resize-as-pillow.ts. A table holds, for
;; each target pixel of an edge, the first source pixel that counts, how many do, and room for `taps` weights; int32 all.
;; For rows two weights lie there as two pairs of int16: what is above their low 8 bits, and these.
;; Loads and stores may touch 16 bytes behind the end of what they belong to.
(module
  (memory (export "memory") 1)

  ;; 22 bits of fraction, rounded, to bytes.
  (func $toBytes (param $a v128) (param $b v128) (param $c v128) (param $d v128) (result v128)
    (i8x16.narrow_i16x8_u
      (i16x8.narrow_i32x4_s (i32x4.shr_s (local.get $a) (i32.const 22)) (i32x4.shr_s (local.get $b) (i32.const 22)))
      (i16x8.narrow_i32x4_s (i32x4.shr_s (local.get $c) (i32.const 22)) (i32x4.shr_s (local.get $d) (i32.const 22)))))

  ;; `rows` rows of `sourceWidth` pixels become rows of `width` pixels, twice two source pixels at a time. A lane is a colour;
  ;; the fourth is nothing, written and then overwritten.
  (func (export "resizeRows")
    (param $source i32) (param $sourceWidth i32) (param $rows i32) (param $target i32) (param $width i32)
    (param $table i32) (param $taps i32)
    (local $x i32) (local $entry i32) (local $pixel i32) (local $weight i32) (local $end i32)
    (local $pixels v128) (local $first v128) (local $second v128) (local $high v128) (local $low v128)
    (block $done
      (loop $row
        (br_if $done (i32.eqz (local.get $rows)))
        (local.set $entry (local.get $table))
        (local.set $x (i32.const 0))
        (loop $column
          (local.set $pixel (i32.add (local.get $source) (i32.mul (i32.load (local.get $entry)) (i32.const 3))))
          (local.set $weight (i32.add (local.get $entry) (i32.const 8)))
          (local.set $end
            (i32.add (local.get $weight) (i32.shl (i32.load offset=4 (local.get $entry)) (i32.const 2))))
          (local.set $high (v128.const i32x4 0 0 0 0))
          (local.set $low (v128.const i32x4 0x200000 0x200000 0x200000 0x200000))
          (loop $pairs
            (local.set $pixels (v128.load (local.get $pixel)))
            ;; red, red, green, green, blue, blue; 0x80 is nothing
            (local.set $first
              (i8x16.swizzle (local.get $pixels)
                (v128.const i8x16 0 0x80 3 0x80 1 0x80 4 0x80 2 0x80 5 0x80 0x80 0x80 0x80 0x80)))
            (local.set $second
              (i8x16.swizzle (local.get $pixels)
                (v128.const i8x16 6 0x80 9 0x80 7 0x80 10 0x80 8 0x80 11 0x80 0x80 0x80 0x80 0x80)))
            (local.set $high
              (i32x4.add (local.get $high)
                (i32x4.add
                  (i32x4.dot_i16x8_s (local.get $first) (v128.load32_splat (local.get $weight)))
                  (i32x4.dot_i16x8_s (local.get $second) (v128.load32_splat offset=8 (local.get $weight))))))
            (local.set $low
              (i32x4.add (local.get $low)
                (i32x4.add
                  (i32x4.dot_i16x8_s (local.get $first) (v128.load32_splat offset=4 (local.get $weight)))
                  (i32x4.dot_i16x8_s (local.get $second) (v128.load32_splat offset=12 (local.get $weight))))))
            (local.set $pixel (i32.add (local.get $pixel) (i32.const 12)))
            (br_if $pairs
              (i32.lt_u (local.tee $weight (i32.add (local.get $weight) (i32.const 16))) (local.get $end))))
          (local.set $high (i32x4.add (i32x4.shl (local.get $high) (i32.const 8)) (local.get $low)))
          (v128.store32_lane 0 (local.get $target)
            (call $toBytes (local.get $high) (local.get $high) (local.get $high) (local.get $high)))
          (local.set $target (i32.add (local.get $target) (i32.const 3)))
          (local.set $entry
            (i32.add (local.get $entry) (i32.add (i32.shl (local.get $taps) (i32.const 2)) (i32.const 8))))
          (br_if $column
            (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 1))) (local.get $width))))
        (local.set $source (i32.add (local.get $source) (i32.mul (local.get $sourceWidth) (i32.const 3))))
        (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
        (br $row))))

  ;; Rows of `stride` bytes become `height` rows of as many, 16 bytes at a time.
  (func (export "resizeColumns")
    (param $source i32) (param $stride i32) (param $target i32) (param $height i32) (param $table i32) (param $taps i32)
    (local $top i32) (local $at i32) (local $pixel i32) (local $weight i32) (local $end i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $bytes v128) (local $factor v128)
    (block $done
      (loop $row
        (br_if $done (i32.eqz (local.get $height)))
        (local.set $top (i32.add (local.get $source) (i32.mul (i32.load (local.get $table)) (local.get $stride))))
        (local.set $end
          (i32.add (i32.add (local.get $table) (i32.const 8))
            (i32.shl (i32.load offset=4 (local.get $table)) (i32.const 2))))
        (local.set $at (i32.const 0))
        (loop $block
          (local.set $pixel (i32.add (local.get $top) (local.get $at)))
          (local.set $weight (i32.add (local.get $table) (i32.const 8)))
          (local.set $a (v128.const i32x4 0x200000 0x200000 0x200000 0x200000))
          (local.set $b (local.get $a))
          (local.set $c (local.get $a))
          (local.set $d (local.get $a))
          (loop $tap
            (local.set $bytes (v128.load (local.get $pixel)))
            (local.set $factor (v128.load32_splat (local.get $weight)))
            (local.set $a
              (i32x4.add (local.get $a)
                (i32x4.mul (local.get $factor)
                  (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (local.get $bytes))))))
            (local.set $b
              (i32x4.add (local.get $b)
                (i32x4.mul (local.get $factor)
                  (i32x4.extend_high_i16x8_u (i16x8.extend_low_i8x16_u (local.get $bytes))))))
            (local.set $c
              (i32x4.add (local.get $c)
                (i32x4.mul (local.get $factor)
                  (i32x4.extend_low_i16x8_u (i16x8.extend_high_i8x16_u (local.get $bytes))))))
            (local.set $d
              (i32x4.add (local.get $d)
                (i32x4.mul (local.get $factor)
                  (i32x4.extend_high_i16x8_u (i16x8.extend_high_i8x16_u (local.get $bytes))))))
            (local.set $pixel (i32.add (local.get $pixel) (local.get $stride)))
            (br_if $tap
              (i32.lt_u (local.tee $weight (i32.add (local.get $weight) (i32.const 4))) (local.get $end))))
          (v128.store (i32.add (local.get $target) (local.get $at))
            (call $toBytes (local.get $a) (local.get $b) (local.get $c) (local.get $d)))
          (br_if $block
            (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $stride))))
        (local.set $target (i32.add (local.get $target) (local.get $stride)))
        (local.set $table
          (i32.add (local.get $table) (i32.add (i32.shl (local.get $taps) (i32.const 2)) (i32.const 8))))
        (local.set $height (i32.sub (local.get $height) (i32.const 1)))
        (br $row)))))
