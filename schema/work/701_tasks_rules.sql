-- metastore: priority=P0 requires=301_threads_rules,700_tasks description="who sees which tasks, and what may become of one"

select isolate_tenant('tasks');

create trigger touch_updated_at before update on tasks for each row execute function touch_updated_at();

-- A worker that dies gives its task back, and so does one that fails while there are attempts left; a dead one can be revived.
create trigger tasks_status_transition before update of status on tasks
  for each row execute function check_transition(
    'pending>running', 'pending>cancelled', 'running>pending', 'running>done', 'running>dead', 'running>cancelled',
    'dead>pending');

-- metastore:down
drop trigger tasks_status_transition on tasks;
drop trigger touch_updated_at on tasks;
select release_tenant('tasks');
