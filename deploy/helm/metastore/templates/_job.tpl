{{/*
A hook of its own for one command on one database.
root, database, component, hook, weight, args, settings (of the Job, before those of all), rollout (whether to wait for one)
*/}}
{{- define "metastore.job" -}}
{{- $spec := include "metastore.jobSpec" . -}}
{{- $database := .database.name | lower | replace "_" "-" | replace "." "-" -}}
{{- $name := printf "%s-%s-%s" (include "metastore.fullname" .root) $database .component | trunc 54 | trimSuffix "-" }}
apiVersion: batch/v1
kind: Job
metadata:
  # The template of a Job cannot be changed. So the name carries the release and what the Job is made of: another image or another
  # argument is another Job, also where nobody deletes the last one.
  name: {{ $name }}-{{ $spec | sha256sum | trunc 8 }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "metastore.labels" . | nindent 4 }}
    metastore/database: {{ $database | trunc 63 | trimSuffix "-" }}
  annotations:
    helm.sh/hook: {{ .hook }}
    helm.sh/hook-weight: {{ .weight | quote }}
    helm.sh/hook-delete-policy: {{ .root.Values.jobs.deletePolicy }}
    {{- with .root.Values.jobs.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- $spec | nindent 2 }}
{{- end -}}

{{- define "metastore.jobSpec" -}}
{{- $settings := mergeOverwrite (deepCopy .root.Values.jobs) (.settings | default dict) -}}
backoffLimit: {{ $settings.backoffLimit }}
activeDeadlineSeconds: {{ $settings.activeDeadlineSeconds }}
ttlSecondsAfterFinished: {{ $settings.ttlSecondsAfterFinished }}
# A file or the configuration is wrong (2), or somebody has to decide (3): another try would end the same. A Pod that the cluster
# takes away was no try.
podFailurePolicy:
  rules:
    - action: FailJob
      onExitCodes:
        containerName: {{ .component }}
        operator: In
        values: [2, 3]
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
          status: 'True'
template:
  metadata:
    labels:
      {{- include "metastore.selector" . | nindent 6 }}
  spec:
    # Not OnFailure: that takes the Pod away with the last try, and what it said with it.
    restartPolicy: Never
    terminationGracePeriodSeconds: 60
    {{- if .rollout }}
    serviceAccountName: {{ include "metastore.fullname" .root }}-rollout
    {{- else }}
    serviceAccountName: {{ $settings.serviceAccountName }}
    automountServiceAccountToken: false
    {{- end }}
    {{- include "metastore.pod" .root | trim | nindent 4 }}
    {{- if .rollout }}
    initContainers:
      - name: rollout
        {{- include "metastore.container" .root | nindent 8 }}
        command:
          - node
          - /scripts/wait-for-rollout.mjs
          - {{ .root.Values.zeroDowntime.rolloutDeadline }}
          {{- if .root.Values.server.enabled }}
          - {{ include "metastore.fullname" .root }}
          {{- end }}
          {{- range .root.Values.zeroDowntime.deployments }}
          - {{ . }}
          {{- end }}
        resources:
          {{- toYaml $settings.resources | nindent 10 }}
        volumeMounts:
          - name: scripts
            mountPath: /scripts
    {{- end }}
    containers:
      - name: {{ .component }}
        {{- include "metastore.container" .root | nindent 8 }}
        # Not left to the image, so that any that has the tool on its path will do.
        command: [metastore]
        args:
          {{- toYaml .args | nindent 10 }}
        env:
          {{- include "metastore.databaseEnv" .database | nindent 10 }}
          {{- with $settings.env }}
          {{- toYaml . | nindent 10 }}
          {{- end }}
        {{- with $settings.envFrom }}
        envFrom:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        resources:
          {{- toYaml $settings.resources | nindent 10 }}
        volumeMounts:
          {{- include "metastore.mounts" .root | nindent 10 }}
    volumes:
      {{- include "metastore.volumes" .root | nindent 6 }}
      {{- if .rollout }}
      - name: scripts
        configMap:
          name: {{ include "metastore.fullname" .root }}-rollout
      {{- end }}
{{- end -}}

{{- define "metastore.databaseEnv" -}}
- name: {{ .variable }}
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret }}
      key: {{ .secretKey | default "url" }}
{{- if .adminSecret }}
- name: METASTORE_BOOTSTRAP
  value: 'true'
- name: METASTORE_ADMIN_URL
  valueFrom:
    secretKeyRef:
      name: {{ .adminSecret }}
      key: {{ .adminSecretKey | default "url" }}
{{- end }}
{{- end -}}
