import fc from 'fast-check';
import t from 'tap';
import { nearest, suggest } from '../../src/config/nearest.ts';

const known = ['allow', 'accounts', 'token'];

t.test('the name that was meant is found through a few slips', async (t) => {
  t.equal(nearest('allowed', known), 'allow');
  t.equal(nearest('acounts', known), 'accounts');
  t.equal(nearest('Accounts', known), 'accounts');
  t.equal(nearest('tokne', known), 'token');
});

t.test('another word is not taken for a slip', async (t) => {
  t.equal(nearest('secret', known), undefined);
  t.equal(nearest('account', []), undefined);
  t.equal(suggest('secret', known), 'known: allow, accounts, token');
});

t.test('one slip is always forgiven in a word of three letters or more', async () => {
  const word = fc.stringMatching(/^[a-z]{3,12}$/);
  fc.assert(
    fc.property(word, fc.nat(), fc.constantFrom('', 'x', 'xy'), (name, at, slip) => {
      const place = at % name.length;
      const slipped = name.slice(0, place) + slip + name.slice(place + (slip === 'xy' ? 2 : 1));
      return nearest(slipped, [name, 'unrelated-and-long']) === name || slip === 'xy';
    }),
  );
});

t.test('two letters that changed places are one slip', async () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{3,12}$/), fc.nat(), (name, at) => {
      const place = at % (name.length - 1);
      const swapped = `${name.slice(0, place)}${name[place + 1]}${name[place]}${name.slice(place + 2)}`;
      return nearest(swapped, [name]) === name;
    }),
  );
});
