import { Alert, Anchor, Text } from '@mantine/core';
import { Link } from 'wouter';
import { useFormats, useText } from '../../locale';
import type { Offer } from './offer';
import { texts } from './texts';
import { useOfferTitle } from './words';

/** There is no draft any more: it is out, and its page is where it goes on. */
export function InForce({ offer }: { offer: Offer }) {
  const t = useText(texts);
  const { time } = useFormats();
  const titleOf = useOfferTitle();
  return (
    <Alert color="moss" variant="outline" title={t.inForce} role="status">
      {offer.publishedAt && <Text size="sm">{t.publishedOn(time(offer.publishedAt))}</Text>}
      <Anchor component={Link} href={`/offers/${offer.id}`} size="sm">
        {titleOf(offer)}
      </Anchor>
    </Alert>
  );
}
