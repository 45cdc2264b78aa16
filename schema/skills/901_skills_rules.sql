-- metastore: priority=P1 requires=102_tenancy_rules,900_skills description="who sees which skills"

select isolate_tenant('skill_workflows');
select isolate_tenant('skill_runs');

create trigger touch_updated_at before update on skill_workflows for each row execute function touch_updated_at();

-- metastore:down
drop trigger touch_updated_at on skill_workflows;
select release_tenant('skill_runs');
select release_tenant('skill_workflows');
