import { Injectable } from '@nestjs/common';
import type { EntityTx } from '../platform/database';
import { requireId } from '../platform/ids';
import { type Audience, refusalOf } from './audience';
import type { DryRunAnswerDto, DryRunResultDto, ExampleCustomerDto } from './drafting.dto';
import { factsOf } from './eligibility';
import { budgetLeftOf, newestVersion } from './newest-version';
import { costOf } from './offer-terms';
import type { OfferVersionEntity } from './offer-version.entity';
import type { Context } from './published-offer';

/** Tries an offer on examples, as it would be in force now: the draft, or where there is none, the version in force. */
@Injectable()
export class DryRuns {
  /** Stores nothing. @throws 404. */
  async run(tx: EntityTx, offerId: string, examples: ExampleCustomerDto[]): Promise<DryRunAnswerDto> {
    const version = await newestVersion(tx, requireId('off', offerId, 'offer'));
    const left = await budgetLeftOf(tx, version);
    const audience = audienceOf(version);
    const refusal = refusalOf(audience);
    const facts = factsLookedAt(audience);
    const isExhausted = left !== undefined && left < costOf(version.reward);
    const results = examples.map(({ name, context }, n): DryRunResultDto => {
      const whyNot = refusal(context) ?? (isExhausted ? 'exhausted' : undefined);
      return {
        name: name ?? String(n + 1),
        earnsNow: whyNot === undefined,
        ...(whyNot && { whyNot }),
        facts: shownFacts(facts, context),
      };
    });
    return { results };
  }
}

const audienceOf = ({ minimumAge, regions, eligibility, valueOfData }: OfferVersionEntity): Audience => ({
  minimumAge,
  regions,
  eligibility,
  valuedUntil: valueOfData === null ? null : new Date(valueOfData.validUntil),
});

/** Names of facts that whether an offer is made depends on; undefined: on all of them. */
function factsLookedAt({ minimumAge, regions, eligibility }: Audience): string[] | undefined {
  const ruled = eligibility === null ? [] : factsOf(eligibility);
  if (ruled.includes('context')) return undefined;
  const places = regions === null && minimumAge === null ? [] : ['country', 'region'];
  return [...new Set([...places, ...(minimumAge === null ? [] : ['age', 'ageBand']), ...ruled])];
}

const shownFacts = (names: string[] | undefined, context: Context): Context =>
  names === undefined
    ? context
    : Object.fromEntries(names.map((name) => [name, Object.hasOwn(context, name) ? context[name] : null]));
