import { Button, Group, List, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { answer, type Schemas } from '../../api/client';
import { useFormats, useText } from '../../locale';
import { Page } from '../../parts/page';
import { PagedTable, usePaged } from '../../parts/paged';
import { Status } from '../../parts/status';
import { useApi } from '../../session/session';

import { texts } from './texts';

type ConsentOfCustomer = Schemas['ConsentOfCustomerDto'];
type DisclosureOfCustomer = Schemas['DisclosureOfCustomerDto'];

const CONSENT_KINDS = {
  active: 'good',
  paused: 'waiting',
  withdrawn: 'over',
  expired: 'over',
  superseded: 'over',
} as const;

/** What a person who asks is owed: who got what, and what they had agreed to. */
export default function CustomerPage() {
  const t = useText(texts).customer;
  const [search, setSearch] = useSearchParams();
  const customerRef = search.get('ref') ?? '';
  const [typed, setTyped] = useState(customerRef);
  return (
    <Page title={t.title} about={t.about}>
      <Stack gap="lg">
        <form
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            setSearch(typed.trim() === '' ? {} : { ref: typed.trim() });
          }}
        >
          <Group align="end">
            <TextInput
              label={t.ref}
              description={t.refHint}
              value={typed}
              maxLength={128}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
            <Button type="submit">{t.look}</Button>
          </Group>
        </form>
        {customerRef === '' ? (
          <Text>{t.start}</Text>
        ) : (
          <>
            <Disclosures customerRef={customerRef} />
            <Consents customerRef={customerRef} />
          </>
        )}
      </Stack>
    </Page>
  );
}

function Disclosures({ customerRef }: { customerRef: string }) {
  const t = useText(texts).customer;
  const formats = useFormats();
  const api = useApi();
  const list = usePaged<DisclosureOfCustomer>(['disclosures', customerRef], (after) =>
    answer(
      api.GET('/v1/customers/{customerRef}/disclosures', {
        params: { path: { customerRef }, query: { limit: 50, ...after } },
      }),
    ),
  );
  return (
    <section aria-label={t.disclosures}>
      <Title order={2} size="h4" mb="xs">
        {t.disclosures}
      </Title>
      <PagedTable
        list={list}
        caption={t.disclosures}
        empty={t.noDisclosures}
        keyOf={({ id }) => id}
        columns={[
          { title: t.at, cell: ({ at }) => formats.time(at) },
          { title: t.recipient, cell: ({ name }) => name },
          { title: t.purpose, cell: ({ purpose }) => purpose },
          { title: t.attributes, cell: ({ attributes }) => formats.list(attributes) },
          { title: t.kind, cell: ({ kind }) => t.kinds[kind] },
          { title: t.reason, cell: ({ reason }) => reason },
          { title: t.useUntil, cell: ({ useUntil }) => formats.time(useUntil) },
        ]}
      />
    </section>
  );
}

function Consents({ customerRef }: { customerRef: string }) {
  const t = useText(texts).customer;
  const { causes } = useText(texts);
  const formats = useFormats();
  const api = useApi();
  const list = usePaged<ConsentOfCustomer>(['consents', customerRef], (after) =>
    answer(
      api.GET('/v1/customers/{customerRef}/consents', {
        params: { path: { customerRef }, query: { limit: 50, ...after } },
      }),
    ),
  );
  const history = (consent: ConsentOfCustomer) => (
    <List size="sm">
      {consent.history.map(({ event, at, cause }) => (
        <List.Item key={`${event} ${at}`}>{t.event(formats.time(at), t.events[event], causes[cause])}</List.Item>
      ))}
    </List>
  );
  return (
    <section aria-label={t.consents}>
      <Title order={2} size="h4" mb="xs">
        {t.consents}
      </Title>
      <PagedTable
        list={list}
        caption={t.consents}
        empty={t.noConsents}
        keyOf={({ id }) => id}
        columns={[
          { title: t.attribute, cell: ({ attribute }) => attribute },
          { title: t.purpose, cell: ({ purpose }) => purpose },
          {
            title: t.status,
            cell: ({ status }) => <Status kind={CONSENT_KINDS[status]}>{t.statuses[status]}</Status>,
          },
          { title: t.since, cell: ({ since }) => formats.day(since) },
          { title: t.until, cell: ({ until }) => formats.day(until) },
          { title: t.history, cell: history },
        ]}
      />
    </section>
  );
}
