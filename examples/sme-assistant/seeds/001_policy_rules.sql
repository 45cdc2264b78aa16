-- The rules that every company begins with. Running it again brings them back to what is written here; rules of other
-- names stay as they are.
insert into ai_guardrails.policy_rules
  (name, severity, policy_tags, message, resolution, requires_manual_review, match_all_keywords, match_any_keywords, priority)
values
  (
    'customer_email_export', 'block', '{privacy,export}',
    'Customer e-mail addresses are not exported by the assistant.',
    'Ask the data protection officer for an export.',
    true, '{customer,export}', '{email,e-mail,address list}', 100
  ),
  (
    'wire_transfer_and_bank_details', 'warn', '{finance,fraud}',
    'This is about a wire transfer or bank details. Check who asks for it.',
    'Call the person back on a number that you know.',
    false, '{}', '{wire transfer,iban,bank details,account number}', 50
  )
on conflict (name) do update set
  severity = excluded.severity,
  policy_tags = excluded.policy_tags,
  message = excluded.message,
  resolution = excluded.resolution,
  requires_manual_review = excluded.requires_manual_review,
  match_all_keywords = excluded.match_all_keywords,
  match_any_keywords = excluded.match_any_keywords,
  priority = excluded.priority,
  updated_at = now();
