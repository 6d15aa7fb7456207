// Needs mail, SMS and a calendar, which nothing here provides: pre-flight refuses to run it.
import { OwnersEnum, StabilityEnum, TagsEnum } from '@contractspec/lib.contracts-spec';
import { defineWorkflow } from '@contractspec/lib.contracts-spec/workflow/spec';

export const upcomingPaymentsReminderWorkflow = defineWorkflow({
  meta: {
    key: 'pfo.workflow.upcoming-payments-reminder',
    version: '1.0.0',
    title: 'Schedule Upcoming Payment Reminder',
    description:
      'Collects payment metadata and schedules multi-channel reminders for bills that are due soon.',
    domain: 'finance',
    owners: [OwnersEnum.PlatformFinance],
    tags: ['payments', 'reminders', TagsEnum.Automation],
    stability: StabilityEnum.Beta,
  },
  definition: {
    entryStepId: 'collect',
    steps: [
      {
        id: 'collect',
        type: 'human',
        label: 'Review Upcoming Bill',
        description:
          'Confirm amount, due date, and preferred delivery channels before scheduling reminder.',
      },
      {
        id: 'schedule',
        type: 'automation',
        label: 'Schedule Reminder',
        action: {
          operation: { key: 'pfo.reminders.schedule-payment', version: '1.0.0' },
        },
        requiredIntegrations: ['emailOutbound', 'smsNotifications', 'calendarScheduling'],
        retry: { maxAttempts: 2, backoff: 'linear', delayMs: 1_000 },
      },
    ],
    transitions: [
      {
        // The only way on: without a confirmation no transition matches, and the run fails.
        from: 'collect',
        to: 'schedule',
        condition: 'output?.confirmed === true',
        label: 'Reminder confirmed',
      },
    ],
  },
});
