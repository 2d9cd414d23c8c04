import { Anchor, Button, Grid, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { Link, useParams } from 'wouter';
import { useText } from '../../locale';
import { Fault } from '../../parts/fault';
import { Page } from '../../parts/page';
import { Waiting } from '../../parts/waiting';
import { useStaff } from '../../session/session';
import { CustomerView } from './customer-view';
import { DryRun } from './dry-run';
import { OfferActions } from './offer-actions';
import { formOf } from './offer-form';
import type { Offer } from './offer';
import { PublishPanel } from './publish-panel';
import { ApprovalBadge, StatusBadge } from './status-badge';
import { texts } from './texts';
import { useOffer } from './use-offers';
import { Versions } from './versions';
import { useBudgetWords, useOfferTitle, useRewardWords } from './words';

/** One offer: how it stands, what can be done with it, and how it came to be. */
export default function OfferPage() {
  const { id = '' } = useParams<{ id: string }>();
  const t = useText(texts);
  const offer = useOffer(id);
  if (offer.data) return <OneOffer offer={offer.data} />;
  return (
    <Page title={t.title}>
      <Fault error={offer.error} onRetry={() => void offer.refetch()} />
      {offer.isPending && <Waiting />}
    </Page>
  );
}

function OneOffer({ offer }: { offer: Offer }) {
  const t = useText(texts);
  const titleOf = useOfferTitle();
  return (
    <Page title={titleOf(offer)} actions={<OfferActions offer={offer} />}>
      <Anchor component={Link} href="/offers" size="sm">
        ← {t.back}
      </Anchor>
      <Standing offer={offer} />
      <Grid gap="lg" mt="lg">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack gap="xl">
            {offer.draft && <DraftPanel offer={offer} />}
            {!offer.draft && <DryRun offer={offer} />}
            <Versions offer={offer} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <CustomerView form={formOf(offer)} />
        </Grid.Col>
      </Grid>
    </Page>
  );
}

function Standing({ offer }: { offer: Offer }) {
  const t = useText(texts);
  const rewardWords = useRewardWords();
  const budgetWords = useBudgetWords();
  const { requiresApproval } = useStaff().programme;
  return (
    <Group gap="lg" mt="sm">
      <StatusBadge status={offer.status} />
      {offer.draft && requiresApproval && <ApprovalBadge approval={offer.approval} />}
      {offer.version !== null && <Text size="sm">{t.version(offer.version)}</Text>}
      <Text size="sm">{rewardWords(offer.reward)}</Text>
      <Text size="sm">{budgetWords(offer)}</Text>
    </Group>
  );
}

function DraftPanel({ offer }: { offer: Offer }) {
  const t = useText(texts);
  return (
    <Paper withBorder p={{ base: 'sm', sm: 'lg' }}>
      <Group justify="space-between" mb="md">
        <Title order={2} size="h4">
          {t.draftOf(offer.draft?.version ?? 1)}
        </Title>
        <Button component={Link} href={`/offers/${offer.id}/edit`} variant="default" size="xs">
          {t.edit}
        </Button>
      </Group>
      <PublishPanel offer={offer} />
    </Paper>
  );
}
