import { Anchor, Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { Link } from 'wouter';
import { useText } from '../../locale';
import { Fault } from '../../parts/fault';
import { Page } from '../../parts/page';
import { Waiting } from '../../parts/waiting';
import { useStaff } from '../../session/session';
import type { Offer } from './offer';
import { ApprovalBadge, StatusBadge } from './status-badge';
import { texts } from './texts';
import { useOfferList } from './use-offers';
import { useBudgetWords, useOfferTitle, useRewardWords } from './words';

export default function OffersPage() {
  const t = useText(texts);
  const list = useOfferList();
  const offers = list.data?.pages.flatMap(({ data }) => data);
  const create = (
    <Button component={Link} href="/offers/new">
      {t.create}
    </Button>
  );
  return (
    <Page title={t.title} about={t.about} actions={create}>
      <Fault error={list.error} onRetry={() => void list.refetch()} />
      {list.isPending && <Waiting />}
      {offers?.length === 0 && (
        <Paper withBorder p="lg">
          <Text fw={600}>{t.none}</Text>
          <Text c="dimmed">{t.noneHint}</Text>
        </Paper>
      )}
      <Stack component="ul" gap="sm" p={0} m={0} className="plain-list">
        {offers?.map((offer) => (
          <OfferRow key={offer.id} offer={offer} />
        ))}
      </Stack>
      {list.hasNextPage && (
        <Button variant="default" mt="md" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t.more}
        </Button>
      )}
    </Page>
  );
}

function OfferRow({ offer }: { offer: Offer }) {
  const t = useText(texts);
  const titleOf = useOfferTitle();
  const rewardWords = useRewardWords();
  const budgetWords = useBudgetWords();
  const { requiresApproval } = useStaff().programme;
  return (
    <Paper component="li" withBorder p="md">
      <Group justify="space-between" align="start">
        <div>
          <Title order={2} size="h4">
            <Anchor component={Link} href={`/offers/${offer.id}`} inherit>
              {titleOf(offer)}
            </Anchor>
          </Title>
          <Text size="sm" c="dimmed">
            {offer.key}
          </Text>
        </div>
        <Group gap="xs">
          <StatusBadge status={offer.status} />
          {offer.draft && requiresApproval && <ApprovalBadge approval={offer.approval} />}
        </Group>
      </Group>
      <Group gap="lg" mt="xs">
        <Text size="sm">{rewardWords(offer.reward)}</Text>
        <Text size="sm">{budgetWords(offer)}</Text>
        {offer.version !== null && <Text size="sm">{t.version(offer.version)}</Text>}
        {offer.draft && offer.version !== null && <Text size="sm">{t.draftOf(offer.draft.version)}</Text>}
      </Group>
    </Paper>
  );
}
