import { fromFloat16, toFloat16 } from '@tuhai/core/model/float16';
import test from 'ava';

test('every half survives the way to single and back', (t) => {
  const halves = Uint16Array.from({ length: 65_536 }, (_, i) => i).filter(
    (half) => (half & 0x7fff) <= 0x7c00,
  );
  t.deepEqual(toFloat16(fromFloat16(halves)), halves);
});

test('halves are rounded to nearest, ties to even', (t) => {
  const values = [
    1,
    1 + 2 ** -11,
    1 + 3 * 2 ** -11,
    65_504,
    65_519.9,
    65_520,
    2 ** -24,
    2 ** -25,
    1.5 * 2 ** -24,
    -0.1,
  ];
  const expected = [0x3c00, 0x3c00, 0x3c02, 0x7bff, 0x7bff, 0x7c00, 0x0001, 0x0000, 0x0002, 0xae66];
  t.deepEqual([...toFloat16(Float32Array.from(values))], expected);
});
