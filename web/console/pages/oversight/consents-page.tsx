import { useQuery } from '@tanstack/react-query';
import { answer, type Schemas } from '../../api/client';
import { useFormats, useLocale, useText } from '../../locale';
import { DataTable } from '../../parts/data-table';
import { Fault } from '../../parts/fault';
import { Page } from '../../parts/page';
import { Status } from '../../parts/status';
import { Waiting } from '../../parts/waiting';
import { useApi } from '../../session/session';

import { personsOf } from './persons';
import { texts } from './texts';

type PurposeConsents = Schemas['PurposeConsentsDto'];

/** How many persons allow each purpose, and who may use it. */
export default function ConsentsPage() {
  const t = useText(texts).consents;
  const { locale } = useLocale();
  const formats = useFormats();
  const api = useApi();
  const consents = useQuery({
    queryKey: ['consents-by-purpose'],
    queryFn: () => answer(api.GET('/v1/consents/by-purpose')),
  });
  const state = ({ withdrawnAt }: PurposeConsents) =>
    withdrawnAt === undefined ? (
      <Status kind="good">{t.inUse}</Status>
    ) : (
      <Status kind="over">{t.gone(formats.day(withdrawnAt))}</Status>
    );
  const counts = ['active', 'paused', 'withdrawn', 'expired'] as const;
  return (
    <Page title={t.title} about={t.about}>
      <Fault error={consents.error} onRetry={() => void consents.refetch()} />
      {consents.isPending && <Waiting />}
      {consents.data && (
        <DataTable<PurposeConsents>
          caption={t.title}
          empty={t.none}
          rows={consents.data.data}
          keyOf={({ purpose }) => purpose}
          columns={[
            { title: t.purpose, cell: ({ title }) => title[locale] },
            ...counts.map((count) => ({
              title: t[count],
              numeric: true,
              cell: (row: PurposeConsents) => personsOf(row[count], formats),
            })),
            { title: t.recipients, cell: ({ recipients }) => formats.list(recipients) || t.nobody },
            { title: t.state, cell: state },
          ]}
        />
      )}
    </Page>
  );
}
