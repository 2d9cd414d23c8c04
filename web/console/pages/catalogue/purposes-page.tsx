import { Button, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { answer, type Schemas } from '../../api/client';
import { useFormats, useLocale, useText } from '../../locale';
import { useKept } from '../../kept';
import { JobProgress } from '../../parts/job-progress';
import { Page } from '../../parts/page';
import { PagedTable, usePaged } from '../../parts/paged';
import { Status } from '../../parts/status';
import { useApi, useStaff } from '../../session/session';
import { Named } from './attributes-page';
import { PurposeForm } from './purpose-form';
import { texts } from './texts';
import { WithdrawPurpose } from './withdraw-purpose';

export type Purpose = Schemas['PurposeDto'];
/** A withdrawal that was begun here: watched again after a reload. */
interface Withdrawal {
  jobId: string;
  title: string;
}

/** What values may be used for. */
export default function PurposesPage() {
  const t = useText(texts).purposes;
  const { role } = useStaff();
  const [isOpen, setOpen] = useKept('new-purpose-open', false);
  const [withdrawals, keepWithdrawals] = useKept<Withdrawal[]>('purpose-withdrawals', []);
  const [chosen, choose] = useState<Purpose>();
  const { locale } = useLocale();
  const create = role !== 'dpo' && !isOpen && <Button onClick={() => setOpen(true)}>{t.create}</Button>;
  return (
    <Page title={t.title} about={t.about} actions={create}>
      <Stack>
        {isOpen && role !== 'dpo' && <PurposeForm onClose={() => setOpen(false)} />}
        {withdrawals.map(({ jobId, title }) => (
          <JobProgress
            key={jobId}
            id={jobId}
            title={t.withdrawing(title)}
            onDismiss={() => keepWithdrawals(withdrawals.filter((one) => one.jobId !== jobId))}
          />
        ))}
        <PurposeList onWithdraw={role === 'marketing' ? undefined : choose} />
        {chosen && (
          <WithdrawPurpose
            purpose={chosen}
            onClose={() => choose(undefined)}
            onBegun={(jobId) => {
              choose(undefined);
              keepWithdrawals([{ jobId, title: chosen.title[locale] }, ...withdrawals]);
            }}
          />
        )}
      </Stack>
    </Page>
  );
}

function PurposeList({ onWithdraw }: { onWithdraw: ((purpose: Purpose) => void) | undefined }) {
  const t = useText(texts);
  const { locale } = useLocale();
  const formats = useFormats();
  const api = useApi();
  const list = usePaged<Purpose>(['purposes', 'pages'], (after) =>
    answer(api.GET('/v1/purposes', { params: { query: { limit: 50, ...after } } })),
  );
  const state = ({ withdrawnAt }: Purpose) =>
    withdrawnAt === undefined ? (
      <Status kind="good">{t.purposes.inUse}</Status>
    ) : (
      <Status kind="over">{t.purposes.withdrawn(formats.day(withdrawnAt))}</Status>
    );
  const act = (purpose: Purpose) =>
    purpose.withdrawnAt === undefined && (
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`${t.purposes.withdraw}: ${purpose.title[locale]}`}
        onClick={() => onWithdraw?.(purpose)}
      >
        {t.purposes.withdraw}
      </Button>
    );
  return (
    <PagedTable
      list={list}
      caption={t.purposes.title}
      empty={t.purposes.none}
      keyOf={({ key }) => key}
      columns={[
        { title: t.title, cell: ({ title, key }) => <Named title={title[locale]} name={key} /> },
        { title: t.description, cell: ({ description }) => <Text size="sm">{description[locale]}</Text> },
        {
          title: t.purposes.lease,
          numeric: true,
          cell: ({ leaseSeconds }) => t.purposes.leaseHours(formats.number(leaseSeconds / 3600)),
        },
        { title: t.purposes.status, cell: state },
        ...(onWithdraw ? [{ title: t.purposes.withdraw, cell: act }] : []),
      ]}
    />
  );
}
