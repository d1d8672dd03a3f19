// A call that changes something, on its way through the operators' port. Only the guard makes one, when it lets the call pass; what
// changes the node asks for it. So a route that the guard does not stand before can read, and nothing else.
using Microsoft.AspNetCore.Http;

namespace HotStandby.Host.Http;

/// <summary>Metadata of a route that changes something.</summary>
/// <param name="Name">What the audit log calls it.</param>
internal sealed record ChangesState(string Name)
{
    /// <summary>Which requests of a GET route change something. Other methods always do.</summary>
    public Func<HttpRequest, bool> When { get; init; } = static _ => true;
}

/// <summary>Metadata of a route that only reads, but what operators alone may read.</summary>
internal sealed record OperatorsOnly
{
    /// <summary>The only one.</summary>
    public static readonly OperatorsOnly Instance = new();
}

/// <summary>A call that the guard has let pass, and what becomes of it.</summary>
/// <param name="name">What the audit log calls it.</param>
internal sealed class Change(string name)
{
    private int _isNoted;

    /// <summary>What the audit log calls it.</summary>
    public string Name { get; } = name;

    /// <summary>Arguments beside those of the query, for the audit log.</summary>
    public string Body { get; set; } = "";

    /// <summary>What became of it, in words; null: its status says it.</summary>
    public string? Outcome { get; set; }

    /// <summary>The change that this request may make.</summary>
    /// <exception cref="InvalidOperationException">
    /// It passed the guard as one that changes nothing: its route lacks <see cref="ChangesState"/>.
    /// </exception>
    public static Change Of(HttpContext context) => context.Features.Get<Change>()
        ?? throw new InvalidOperationException(
            $"{context.Request.Method} {context.Request.Path} changes something, and its route does not say so");

    /// <summary>Says what becomes of a request, if it changes something.</summary>
    public static void Tell(HttpContext context, string outcome)
    {
        if (context.Features.Get<Change>() is { } change)
            change.Outcome = outcome;
    }

    /// <summary>True the first time: it is noted once.</summary>
    public bool TryNote() => Interlocked.Exchange(ref _isNoted, 1) == 0;
}
