import fc from 'fast-check';
import t from 'tap';
import { Queue } from '../../src/sandbox/queue.ts';

t.test('gives items back in the order they came, like an array', async () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat())), (steps) => {
      const queue = new Queue<number>();
      const model: number[] = [];
      return steps.every((step) => {
        if (step === null) {
          queue.shift();
          model.shift();
        } else {
          queue.push(step);
          model.push(step);
        }
        return queue.length === model.length && queue.first === model[0];
      });
    }),
  );
});
