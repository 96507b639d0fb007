import type { JsonObject } from '@payments/core/event';
import * as v from 'valibot';
import type { Books } from './books.ts';
import { closeDispute } from './dispute.ts';
import type { Endpoint } from './endpoint.ts';
import { endpoint } from './endpoint.ts';
import { mergeMetadata } from './metadata.ts';
import { clearable, flag, metadata } from './parameters.ts';
import { noSuch, refused } from './stripe-error.ts';

export function disputeEndpoints(): readonly Endpoint[] {
  const find = (books: Books, id: string) => {
    const found = books.disputes.get(id);
    if (found === undefined) throw noSuch('dispute', id, 'dispute', 404);
    return found;
  };
  return [
    endpoint(
      'POST',
      'disputes/:id',
      {
        evidence: v.optional(v.record(v.string(), clearable(20_000))),
        metadata: v.optional(metadata()),
        submit: v.optional(flag()),
      },
      ({ books, id }, given) => {
        const dispute = find(books, id);
        books.change(
          dispute,
          (it) => {
            if (given.metadata !== undefined) it.metadata = mergeMetadata(it.metadata, given.metadata);
            if (given.evidence === undefined) return;
            Object.assign(it.evidence, given.evidence);
            it.evidence_details.has_evidence = true;
            if (given.submit === false) return;
            it.status = 'under_review';
            it.evidence_details.submission_count += 1;
          },
          'charge.dispute.updated',
        );
        return dispute;
      },
    ),
    endpoint('POST', 'disputes/:id/close', {}, ({ books, id }): JsonObject => {
      const dispute = find(books, id);
      if (dispute.status === 'won' || dispute.status === 'lost') throw refused('This dispute is already closed.');
      closeDispute(books, dispute, 'lost');
      return dispute;
    }),
  ];
}
