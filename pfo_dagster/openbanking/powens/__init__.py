"""The Powens API 2.0, read-only: `provider` is what the rest uses, made by `openbanking.connect`.

From the wire inwards: `client` calls (`paging` follows its pages, `errors` says what a refusal
means), `models` reads one row (`fields` one value), `mapping` turns it into a canonical record
(`states` and `privacy` decide about states and personal data).

Beside it: `onboarding` and `user_once` make the user, and `webview` sends the account holder to the
bank; `receiver` takes webhooks (`signature` says whom they are from, `events` what they tell).
"""
