import type { CommandSpec } from '../arguments/command-spec.ts';
import { commandWords, completionWord, optionsOf } from './candidates.ts';

/**
 * A completion script for PowerShell 5.1 and newer, by Register-ArgumentCompleter. It has no words outside of ASCII: 5.1
 * reads scripts without a byte order mark in the code page of the user.
 */
export function powershellCompletion(commands: readonly CommandSpec[]): string {
  const words = commandWords(commands)
    .map(({ path, words }) => table(path, words))
    .join('\n');
  const options = commands
    .map((command) =>
      table(
        command.name,
        optionsOf(command).map(([name, { summary }]) => ({ word: `--${name}`, summary })),
      ),
    )
    .join('\n');
  return `# PowerShell completion of goqemu; load it with: goqemu completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName @('goqemu', 'goqemu.cmd', 'goqemu.ps1') -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @{
${words}
  }
  $options = @{
${options}
  }
  $typed = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object {
    if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
  })
  $program = $typed[0]
  $before = @($typed | Select-Object -Skip 1)
  if ($wordToComplete -ne '' -and $before.Count -gt 0) { $before = @($before | Select-Object -First ($before.Count - 1)) }
  if ($before -contains '--') { return }
  $path = (@($before | Where-Object { $_ -notlike '-*' }) -join ' ')
  $plain = $wordToComplete.Trim('"', "'")
  $found = @()
  if ($plain -like '-*') {
    while ($path -ne '' -and -not $options.ContainsKey($path)) { $path = ($path -split ' ' | Select-Object -SkipLast 1) -join ' ' }
    if ($options.ContainsKey($path)) { $found = $options[$path] }
  } elseif ($words.ContainsKey($path)) {
    $found = $words[$path]
  } else {
    # Before 7.3 an empty argument was lost on its way to a program.
    $isOld = -not (Test-Path variable:PSNativeCommandArgumentPassing) -or $PSNativeCommandArgumentPassing -eq 'Legacy'
    $last = if ($plain -eq '' -and $isOld) { '""' } else { $plain }
    $lines = @(& $program ${completionWord} '--' @before $last 2>$null)
    $found = @($lines | Select-Object -Skip 1)
    $adds = if ($lines.Count -gt 0) { $lines[0] } else { '' }
    if ($adds -eq 'files' -or $adds -eq 'folders') {
      $folder = if ($plain -match '^.*[\\\\/]') { $Matches[0] } else { '' }
      Get-ChildItem -Path "$plain*" -ErrorAction SilentlyContinue |
        Where-Object { $adds -eq 'files' -or $_.PSIsContainer } |
        ForEach-Object {
          $name = $folder + $_.Name
          $text = if ($name -match '[\\s''"$;&|()@{}]') { "'" + $name.Replace("'", "''") + "'" } else { $name }
          [System.Management.Automation.CompletionResult]::new($text, $_.Name, 'ProviderItem', $_.FullName)
        }
    }
  }
  foreach ($line in $found) {
    $word, $summary = $line -split "\`t", 2
    if (-not $word.StartsWith($plain, [System.StringComparison]::Ordinal)) { continue }
    $text = if ($word -match '[\\s''"$;&|()@{}#]') { "'" + $word.Replace("'", "''") + "'" } else { $word }
    $about = if ($summary) { $summary } else { $word }
    [System.Management.Automation.CompletionResult]::new($text, $word, 'ParameterValue', $about)
  }
}
`;
}

/** An entry of a hash table: what may follow, each with a tab and what it is. */
function table(path: string, candidates: readonly { readonly word: string; readonly summary: string }[]): string {
  const entries = candidates.map(({ word, summary }) => quoted(`${word}\t${plainText(summary)}`));
  return `    ${quoted(path)} = @(${entries.join(', ')})`;
}

/** In single quotes PowerShell takes every character as it is, but treats typographic quotes as quotes, too. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function plainText(text: string): string {
  return text
    .replaceAll(/[‘’]/g, "'")
    .replaceAll(/[“”]/g, '"')
    .replaceAll('…', '...')
    .replaceAll(/[^\t -~]/g, '-');
}
