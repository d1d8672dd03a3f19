namespace HotStandby.Actors.Settings;

/// <summary>What came of reading a configuration.</summary>
/// <param name="Configuration">The configuration; null exactly when there are errors.</param>
/// <param name="Failure">What kind of failure, for the exit code.</param>
/// <param name="Errors">Everything that is wrong.</param>
/// <param name="Warnings">What is legal but unwise.</param>
public sealed record ConfigurationResult(
    NodeConfiguration? Configuration, ConfigurationFailure Failure, IReadOnlyList<SettingsProblem> Errors,
    IReadOnlyList<SettingsProblem> Warnings)
{
    /// <summary>How errors are to be written: what the settings say of the log, as far as they could be read.</summary>
    public LogFormat LogFormat { get; init; }

    /// <summary>The node's id, as far as it could be read; else empty.</summary>
    public string NodeName { get; init; } = "";

    /// <summary>A result without a configuration.</summary>
    public static ConfigurationResult Failed(ConfigurationFailure failure, params IReadOnlyList<SettingsProblem> errors) =>
        new(null, failure, errors, []);
}

/// <summary>Why there is no configuration.</summary>
public enum ConfigurationFailure
{
    /// <summary>There is one.</summary>
    None,
    /// <summary>The file does not exist.</summary>
    FileMissing,
    /// <summary>The file cannot be read.</summary>
    FileUnreadable,
    /// <summary>Its content, or an override, is wrong.</summary>
    Invalid,
}

/// <summary>A setting in force.</summary>
/// <param name="Path">Its full path.</param>
/// <param name="Value">Its value as HOCON.</param>
/// <param name="Source">Where the value comes from.</param>
public sealed record EffectiveSetting(string Path, string Value, SettingSource Source);

/// <summary>Where a value comes from, weakest first.</summary>
public enum SettingSource
{
    /// <summary>reference.conf.</summary>
    Default,
    /// <summary>The node's file, or what it includes.</summary>
    File,
    /// <summary>An environment variable.</summary>
    Environment,
    /// <summary>The command line.</summary>
    Override,
}
