import { Alert, Anchor, Button, Group, List, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { answer } from '../../api/client';
import { useLocale, useText } from '../../locale';
import { Fault } from '../../parts/fault';
import { Waiting } from '../../parts/waiting';
import { useApi } from '../../session/session';
import { stepOf } from './offer-faults';
import type { Offer, OfferCheck } from './offer';
import { texts } from './texts';

/** What is to be said before a draft is published; of the draft as it is saved. */
export function useChecks(offer: Offer) {
  const api = useApi();
  const { locale } = useLocale();
  const { id } = offer;
  return useQuery({
    queryKey: ['offers', 'checks', id, offer.draft?.revision, offer.approval.state, locale],
    queryFn: () => answer(api.GET('/v1/offers/{id}/checks', { params: { path: { id }, query: { locale } } })),
    enabled: offer.draft !== null,
    staleTime: 0,
  });
}

/** Nothing is to be corrected; that a second person has yet to approve it, or that nobody has handed it in, is another matter. */
export const isComplete = (checks: OfferCheck[]): boolean =>
  checks.every(({ code, level }) => level !== 'error' || code === 'approval');

const MARKS: Record<OfferCheck['level'], string> = { ok: '✓', warning: '!', error: '✗' };

export function Checks({ offer }: { offer: Offer }) {
  const t = useText(texts);
  const found = useChecks(offer);
  if (found.isPending) return <Waiting />;
  if (!found.data) return <Fault error={found.error} onRetry={() => void found.refetch()} />;
  const { ready, checks } = found.data;
  return (
    <Alert
      color={ready ? 'moss' : isComplete(checks) ? 'yellow' : 'red'}
      variant="outline"
      title={ready ? t.ready : isComplete(checks) ? t.needsApproval : t.notReady}
      role="status"
    >
      <List listStyleType="none" spacing={6} withPadding={false}>
        {checks.map((check) => (
          <Check key={`${check.code}${check.pointer ?? ''}`} check={check} offer={offer} />
        ))}
      </List>
      <Group mt="sm">
        <Button size="xs" variant="default" loading={found.isFetching} onClick={() => void found.refetch()}>
          {t.checksAgain}
        </Button>
      </Group>
    </Alert>
  );
}

function Check({ check, offer }: { check: OfferCheck; offer: Offer }) {
  const t = useText(texts);
  return (
    <List.Item>
      <Text size="sm" component="div">
        <span aria-hidden>{MARKS[check.level]} </span>
        <span className={check.level === 'ok' ? 'spoken-only' : undefined}>
          <strong>{t.levels[check.level]}:</strong>{' '}
        </span>
        {check.message}{' '}
        {check.level !== 'ok' && check.pointer && (
          <Anchor
            component={Link}
            href={`/offers/${offer.id}/edit?step=${stepOf(check.pointer)}`}
            size="sm"
            underline="always"
          >
            {t.correctThere}
          </Anchor>
        )}
      </Text>
    </List.Item>
  );
}
