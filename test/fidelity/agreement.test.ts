import test from 'ava';
import { logitAgreement, vectorAgreement } from './agreement.js';

test('vectors: the worst row and the worst component', (t) => {
  const { cosineMin, differenceMax } = vectorAgreement(
    Float32Array.of(1, 0, 0.6, 0.8),
    Float32Array.of(1, 0, 0, 1),
    2,
  );
  t.true(Math.abs(cosineMin - 0.8) < 1e-6);
  t.true(Math.abs(differenceMax - 0.6) < 1e-6);
  t.throws(() => vectorAgreement(Float32Array.of(1, 0), Float32Array.of(1, 0, 1, 0), 2), {
    instanceOf: RangeError,
  });
});

test('logits: one image keeps the order, one turns it round', (t) => {
  const ours = Float32Array.of(3, 2, 1, 1, 2, 3);
  const reference = Float32Array.of(30, 20, 10, 3, 2, 1);
  t.deepEqual(logitAgreement(ours, reference, 3), {
    differenceMax: 27,
    sameTop1: 0.5,
    rankCorrelationMin: -1,
  });
});
