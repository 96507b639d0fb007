/** Secrets roll while events come in. */
import type { Fault, Storm } from '../injection.ts';
import { throughout } from '../places.ts';

function secretName(storm: Storm, link: string): string {
  const secret = storm.machine.graph.secrets.find(({ name }) => name.endsWith(`/${link}`));
  if (secret === undefined) throw new Error(`the stacks have no secret ${link}`);
  return secret.name;
}

export const secretRoll: Fault = {
  name: 'secret-roll',
  what: "Stripe's signing secret is rolled, Salesforce's client secret changes",
  plan: (story, random) => {
    const overlap = random.between(5, 30);
    return [
      ...throughout(story, random, 1, (at) => ({
        at,
        what: `the signing secret: both for ${overlap} events, then the new one`,
        strike: (storm: Storm) => {
          const next = `whsec_rolled_at_${at}`;
          const name = secretName(storm, 'StripeSigningSecret');
          const before = storm.machine.signingSecrets();
          const both = [next, ...before];
          storm.hit(storm.underWay());
          storm.machine.signWith(both);
          storm.machine.road.secrets.put(name, JSON.stringify({ secrets: both }));
          storm.later(overlap, () => {
            storm.machine.signWith([next]);
            storm.machine.road.secrets.put(name, JSON.stringify({ secrets: [next] }));
          });
        },
      })),
      ...throughout(story, random, 1, (at) => ({
        at,
        what: 'the client secret, and every session ends',
        strike: (storm: Storm) => {
          const secret = `rolled at ${at}`;
          const name = secretName(storm, 'SalesforceClient');
          const value: object = JSON.parse(storm.machine.road.secrets.get(name).secretString ?? '{}');
          storm.hit(storm.underWay());
          storm.salesforcePreset({ preset: 'changeClientSecret', secret });
          storm.machine.road.secrets.put(name, JSON.stringify({ ...value, clientSecret: secret }));
          storm.salesforcePreset({ preset: 'expireToken' });
        },
      })),
    ];
  },
};
