/** Halvings that are done at once. */
const STEP = 500;

/**
 * McNemar's exact test of two results on the same tasks, one attempt each: the two-sided chance of a split at least as
 * uneven as `onlyA` to `onlyB` among the tasks that one of them alone passed, if both were equally good. 1 where none differs.
 */
export function mcnemar(onlyA: number, onlyB: number): number {
  const n = onlyA + onlyB;
  const fewer = Math.min(onlyA, onlyB);
  // C(n, i) and their sum, in units of 2^(n - halvings): they leave the range of a double where n is above 1,000.
  let [term, sum, halvings] = [1, 1, n];
  for (let i = 1; i <= fewer; i++) {
    term = (term * (n - i + 1)) / i;
    sum += term;
    if (sum < 2 ** STEP) continue;
    [term, sum, halvings] = [term / 2 ** STEP, sum / 2 ** STEP, halvings - STEP];
  }
  return Math.min(1, sum * 2 ** (1 - halvings));
}
