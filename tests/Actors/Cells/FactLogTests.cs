// Every fact that a cell can report has its line of the log or its metric.
using System.Runtime.CompilerServices;
using Akka.Event;
using HotStandby.Actors.Cells;
using HotStandby.Core.Cells;

namespace HotStandby.Tests.Actors.Cells;

public sealed class FactLogTests
{
    [Fact]
    public void No_kind_of_fact_is_forgotten()
    {
        var kinds = typeof(Fact).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Fact)) && !type.IsAbstract).ToArray();
        Assert.NotEmpty(kinds);
        var log = new FactLog(NoLogger.Instance);
        Assert.All(kinds, kind => log.Write((Fact)RuntimeHelpers.GetUninitializedObject(kind)));
        Assert.Throws<InvalidOperationException>(() => log.Write(new Unheard()));
    }

    private sealed record Unheard : Fact;
}
