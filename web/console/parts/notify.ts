import { notifications } from '@mantine/notifications';

/** Something is done: said for a moment, and to a screen reader. */
export function notify(message: string): void {
  notifications.show({ message, color: 'moss', withCloseButton: false });
}
