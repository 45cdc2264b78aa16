{{- define "metastore.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- (contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name)) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What never changes while a release lives: selectors and templates of Pods. */}}
{{- define "metastore.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "metastore.labels" -}}
{{ include "metastore.selector" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ default .root.Chart.AppVersion .root.Values.image.tag | trunc 63 | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "metastore.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "metastore.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "metastore.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end -}}

{{/* assistant-backend: assistantBackend, as in dbJobs. */}}
{{- define "metastore.camelCase" -}}
{{- range $index, $word := regexSplit "[^A-Za-z0-9]+" . -1 -}}
{{- if and $index $word -}}
{{ substr 0 1 $word | upper }}{{ substr 1 (len $word) $word }}
{{- else -}}
{{ $word }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the values say that cannot be; a schema sees each value for itself only. */}}
{{- define "metastore.validate" -}}
{{- $known := list -}}
{{- range .Values.databases -}}
{{- $name := include "metastore.camelCase" .name -}}
{{- if has (printf "%sSeed" $name) $known -}}
{{- fail (printf "databases: two of them are called %s in camel case, so that dbJobs cannot tell them apart. Name them otherwise." $name) -}}
{{- end -}}
{{- $known = concat $known (list (printf "%sMigrations" $name) (printf "%sSeed" $name)) -}}
{{- end -}}
{{- range $key, $_ := .Values.dbJobs -}}
{{- if not (has $key $known) -}}
{{- fail (printf "dbJobs.%s belongs to no database. Those of this release are: %s." $key (join ", " $known)) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.zeroDowntime.enabled (ne .Values.jobs.when "before") -}}
{{- fail "zeroDowntime.enabled needs jobs.when: before, because the new schema has to be there before the first Pod that uses it." -}}
{{- end -}}
{{- if and .Values.server.enabled (not .Values.server.existingSecret) (not .Values.databases) -}}
{{- fail "server.enabled needs a database: declare one in databases, or name server.existingSecret." -}}
{{- end -}}
{{- end -}}
