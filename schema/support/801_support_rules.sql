-- metastore: priority=P1 requires=301_threads_rules,800_support description="who sees which escalations, and what may become of one"

select isolate_tenant('supporters');
select isolate_tenant('escalations');

create trigger touch_updated_at before update on supporters for each row execute function touch_updated_at();
create trigger touch_updated_at before update on escalations for each row execute function touch_updated_at();

create trigger escalations_status_transition before update of status on escalations
  for each row execute function check_transition(
    'pending>assigned', 'pending>closed', 'assigned>pending', 'assigned>in_progress', 'assigned>on_hold',
    'assigned>resolved', 'assigned>closed', 'in_progress>assigned', 'in_progress>on_hold', 'in_progress>resolved',
    'in_progress>closed', 'on_hold>assigned', 'on_hold>in_progress', 'on_hold>resolved', 'on_hold>closed',
    'resolved>in_progress', 'resolved>closed');

-- metastore:down
drop trigger escalations_status_transition on escalations;
drop trigger touch_updated_at on escalations;
drop trigger touch_updated_at on supporters;
select release_tenant('escalations');
select release_tenant('supporters');
