import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Database, type Statement } from '../platform/database';
import { parsePublicId } from '../platform/ids';
import { Later } from '../platform/later';
import type { Logger } from '../platform/logging';
import { LOGGER } from '../platform/platform.module';

const WRITE: Statement = {
  name: 'write_revocation_stops',
  // An answer that is given again was quicker than the stop: the first one counts.
  text: `INSERT INTO revocation_stops (programme_id, revocation_id, microseconds)
           SELECT $1, s.id, s.microseconds FROM unnest($2::uuid[], $3::bigint[]) AS s(id, microseconds)
         ON CONFLICT ON CONSTRAINT revocation_stops_pk DO NOTHING`,
};

type Stops = Map<string, number>;

/** How long it took from a revocation being asked for to the commit after which every release fails. Costs it no round trip. */
@Injectable()
export class RevocationStops implements OnModuleDestroy {
  private readonly later: Later<Stops>;

  constructor(
    private readonly database: Database,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.later = new Later<Stops>({ make: () => new Map(), write: (id, stops) => this.write(id, stops), logger });
  }

  note(programmeId: string, publicId: string, seconds: number): void {
    const id = parsePublicId('rev', publicId);
    if (id === undefined) return;
    this.later.note(programmeId, (stops) => stops.has(id) || stops.set(id, Math.round(seconds * 1e6)));
  }

  onModuleDestroy(): Promise<void> {
    return this.later.flush();
  }

  private write(programmeId: string, stops: Stops): Promise<unknown> {
    return this.database.inProgramme(programmeId, (tx) =>
      tx.query(WRITE, [programmeId, [...stops.keys()], [...stops.values()]]),
    );
  }
}
