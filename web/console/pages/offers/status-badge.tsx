import { Badge } from '@mantine/core';
import { useText } from '../../locale';
import type { Approval, Offer } from './offer';
import { texts } from './texts';

const COLORS: Record<Offer['status'], string> = { draft: 'gray', live: 'moss', paused: 'yellow', ended: 'dark' };

export function StatusBadge({ status }: { status: Offer['status'] }) {
  const { statuses } = useText(texts);
  return (
    <Badge color={COLORS[status]} variant="outline" tt="none" className="status-badge">
      {statuses[status]}
    </Badge>
  );
}

export function ApprovalBadge({ approval }: { approval: Approval }) {
  const { approvals } = useText(texts);
  return (
    <Badge variant="default" tt="none">
      {approvals[approval.state]}
    </Badge>
  );
}
